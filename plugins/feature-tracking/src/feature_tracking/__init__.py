"""The `feature_tracking` package of CloudCurio, on top of Curio Tracking.

Every name here is `curio_tracking`'s own; the modules are `feature_tracker`, `config`, `cli`, `dashboard`,
`integration_examples` and `setup_integration`. Importing the package loads none of them.
"""
