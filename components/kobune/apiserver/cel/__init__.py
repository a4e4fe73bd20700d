"""What expressions see in this apiserver: schemas as types, the rules in them, and the objects that patches make.

The language itself is `kobune.apimachinery.cel`.
"""
