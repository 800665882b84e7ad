"""The pieces of the private host (tests/mailhost) and of the test runs."""
