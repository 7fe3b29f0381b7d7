"""The operator's commands against a running deployment: ``python -m ops``. Never deployed."""
