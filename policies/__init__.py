"""What to answer: pure decisions about access, from facts and a time that are both arguments."""
