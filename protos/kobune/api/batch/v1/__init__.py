"""The messages of kobune.api.batch.v1."""

from kobune.api.batch.v1.types_pb2 import CronJob as CronJob
from kobune.api.batch.v1.types_pb2 import CronJobList as CronJobList
from kobune.api.batch.v1.types_pb2 import CronJobSpec as CronJobSpec
from kobune.api.batch.v1.types_pb2 import CronJobStatus as CronJobStatus
from kobune.api.batch.v1.types_pb2 import Job as Job
from kobune.api.batch.v1.types_pb2 import JobCondition as JobCondition
from kobune.api.batch.v1.types_pb2 import JobList as JobList
from kobune.api.batch.v1.types_pb2 import JobSpec as JobSpec
from kobune.api.batch.v1.types_pb2 import JobStatus as JobStatus
from kobune.api.batch.v1.types_pb2 import JobTemplateSpec as JobTemplateSpec
from kobune.api.batch.v1.types_pb2 import PodFailurePolicy as PodFailurePolicy
from kobune.api.batch.v1.types_pb2 import PodFailurePolicyOnExitCodesRequirement as PodFailurePolicyOnExitCodesRequirement
from kobune.api.batch.v1.types_pb2 import PodFailurePolicyOnPodConditionsPattern as PodFailurePolicyOnPodConditionsPattern
from kobune.api.batch.v1.types_pb2 import PodFailurePolicyRule as PodFailurePolicyRule
from kobune.api.batch.v1.types_pb2 import SuccessPolicy as SuccessPolicy
from kobune.api.batch.v1.types_pb2 import SuccessPolicyRule as SuccessPolicyRule
from kobune.api.batch.v1.types_pb2 import UncountedTerminatedPods as UncountedTerminatedPods

__all__ = ['CronJob', 'CronJobList', 'CronJobSpec', 'CronJobStatus', 'Job', 'JobCondition', 'JobList', 'JobSpec', 'JobStatus', 'JobTemplateSpec', 'PodFailurePolicy', 'PodFailurePolicyOnExitCodesRequirement', 'PodFailurePolicyOnPodConditionsPattern', 'PodFailurePolicyRule', 'SuccessPolicy', 'SuccessPolicyRule', 'UncountedTerminatedPods']
