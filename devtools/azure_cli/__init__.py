"""The Azure CLI without Azure: whether it would take a command line, and an ``az`` that writes down what it is told.

``real_parser`` asks its own parser, in the environment that ``scripts/azure-cli`` makes, which takes half a second a command.
``snapshot`` reads what the parser knows of the commands we use (``tests/fixtures/azure_cli``); ``making`` makes that anew
(``python -m devtools.azure_cli``), and a long test compares. ``pages`` finds the commands in the documentation and the workflows.
``recorder`` is put on the PATH in place of ``az``; ``answers`` is what it says.
"""
