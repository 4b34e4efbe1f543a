"""Roles and what they permit (R1, R2): pure, closed, and below everything that has people or tenants.

hierarchy.py    the roles as drawn, their names and aliases, scopes
permissions.py  the matrix, defaults, narrowing
"""
