"""Sweeps: which hyper-parameters a trial has, and what all trials say."""
