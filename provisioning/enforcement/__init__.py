"""What those who are online are told: CoA and Disconnect, until what is applied is what is desired."""
