"""E-mail: headers, the parts of messages and their text, mailboxes, and Outlook messages."""
