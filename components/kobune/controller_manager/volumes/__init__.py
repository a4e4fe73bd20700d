"""The rules of volumes and claims: who is bound to whom, what becomes of what is given back, who makes new ones."""
