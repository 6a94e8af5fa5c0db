"""Accounts over the real transport and stores."""
