"""Lists the features that failed most, on the command line of Curio Tracking."""
