"""The messages of kobune.scheduler.v1."""

from kobune.scheduler.v1.explain_pb2 import ExplainRequest as ExplainRequest
from kobune.scheduler.v1.explain_pb2 import Explanation as Explanation
from kobune.scheduler.v1.explain_pb2 import Objection as Objection
from kobune.scheduler.v1.explain_pb2 import Score as Score
from kobune.scheduler.v1.explain_pb2 import Summary as Summary
from kobune.scheduler.v1.explain_pb2 import Verdict as Verdict
from kobune.scheduler.v1.plugin_pb2 import Answer as Answer
from kobune.scheduler.v1.plugin_pb2 import Batch as Batch
from kobune.scheduler.v1.plugin_pb2 import Changes as Changes
from kobune.scheduler.v1.plugin_pb2 import FromPlugin as FromPlugin
from kobune.scheduler.v1.plugin_pb2 import Hello as Hello
from kobune.scheduler.v1.plugin_pb2 import Left as Left
from kobune.scheduler.v1.plugin_pb2 import Node as Node
from kobune.scheduler.v1.plugin_pb2 import Placed as Placed
from kobune.scheduler.v1.plugin_pb2 import Placement as Placement
from kobune.scheduler.v1.plugin_pb2 import Question as Question
from kobune.scheduler.v1.plugin_pb2 import Refusal as Refusal
from kobune.scheduler.v1.plugin_pb2 import Release as Release
from kobune.scheduler.v1.plugin_pb2 import Taint as Taint
from kobune.scheduler.v1.plugin_pb2 import Template as Template
from kobune.scheduler.v1.plugin_pb2 import ToPlugin as ToPlugin
from kobune.scheduler.v1.plugin_pb2 import Welcome as Welcome

__all__ = ['Answer', 'Batch', 'Changes', 'ExplainRequest', 'Explanation', 'FromPlugin', 'Hello', 'Left', 'Node', 'Objection', 'Placed', 'Placement', 'Question', 'Refusal', 'Release', 'Score', 'Summary', 'Taint', 'Template', 'ToPlugin', 'Verdict', 'Welcome']
