"""Pod Security Admission: how much the pods of a namespace may take from their nodes.

Source: *Pod Security Standards*.
"""
