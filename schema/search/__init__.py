"""Search through the chunks of documents."""
