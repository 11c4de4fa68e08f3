"""How accounting is kept: accountingd takes records down durably, the fold makes sessions and usage of them."""
