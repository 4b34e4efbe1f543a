"""Teams: the message model as Adaptive Cards, and what comes back from them."""
