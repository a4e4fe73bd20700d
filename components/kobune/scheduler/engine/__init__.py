"""Deciding fast: the same decisions as `framework.decide`, from columns that are kept up to date.

`Columnar` keeps, for every template of pods, which nodes fit and how good they are, and looks again only at what has
changed since it last decided for that template. How it can do so a plugin says with what it offers besides `filter` and
`score`; a plugin that offers nothing is asked about every node, as in the reference.

    concerns(pod) -> bool                     False: for such pods the plugin has nothing to say
    sees(pod, node) -> hashable               all that the answer depends on is this, and it is the node's alone
    local = True                              the answer depends on the node and the pods on it, on no other node
    needs_only = True                         of the pod, it depends on what the pod needs of a node (`PodInfo.needs`)
    counts_only = True                        of the node, it depends on what there is and how much of it pods take
    filter_rows(pod, rows) -> codes           `filter` of many nodes at once: 0 for yes, …
    refusal(pod, code) -> No                  … and what another code means
    score_rows(pod, rows) -> scores           `score` of many nodes at once
    normalize_rows(scores) -> scores          `normalize` of an array
    column(pod, table) -> Column              for answers that depend on pods elsewhere, see `column.py`
    state(pod, column) -> state | SKIP        what `pre_filter` would return, made from such a column
    individual = True                         the answer depends on the very pod: asked anew, where all others agree
    depends(pod, objects) -> hashable         what they depend on besides, of objects that are neither pods nor nodes

A pod's template stands for all pods that are told apart by nothing that decisions look at (`PodInfo.template`).
"""
