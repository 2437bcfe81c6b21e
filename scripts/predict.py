"""x"""
from motifloom.job import job
