"""What authors of plugins test with: suites to inherit from and fixtures. Imported by tests, never by the host."""
