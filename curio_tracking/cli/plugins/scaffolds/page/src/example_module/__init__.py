"""Shows the features that failed most, in the dashboard of Curio Tracking."""
