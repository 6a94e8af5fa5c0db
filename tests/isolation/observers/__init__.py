"""What a user can learn of another one: words of private texts, and differences that the other's actions make."""
