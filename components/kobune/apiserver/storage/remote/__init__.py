"""The store on a real etcd cluster, which several apiservers may share."""
