"""Builders: functions that make a network of a few parameters.

Each module has one function `build(net, parameters)`; `motifloom.parameters` has the parameters.
"""
