"""Sessions, their messages, and the events of an answer."""
