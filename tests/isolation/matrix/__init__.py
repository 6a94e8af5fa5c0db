"""Every id in the arguments of every root field, sent by every user, with an id of every kind of object."""
