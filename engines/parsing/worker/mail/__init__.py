"""E-mail: headers, the choice among the parts of a message, mailboxes."""
