"""The config: every key with its type, default and meaning, and messages for what is wrong with it."""
