"""The patches of the API: JSON patch, JSON merge patch, strategic merge patch. Pure functions on JSON trees."""

from kobune.apimachinery.patch.json_patch import PatchTestFailed, PatchTooLarge, Unpatchable, apply_json_patch
from kobune.apimachinery.patch.merge_patch import apply_merge_patch
from kobune.apimachinery.patch.strategic import Contradictory, Misplaced, NoMergeKey, apply_strategic_patch, go_value

__all__ = [
    "Contradictory",
    "Misplaced",
    "NoMergeKey",
    "PatchTestFailed",
    "PatchTooLarge",
    "Unpatchable",
    "apply_json_patch",
    "apply_merge_patch",
    "apply_strategic_patch",
    "go_value",
]
