"""CronJobs over random histories: each time that is due gets one Job at most, and what is kept has its bounds."""

import pytest
from model.workload_model import Lagging, World, settle

from kobune.api.batch.v1 import CronJob, Job
from kobune.apimachinery.meta import seconds_of, time_of
from kobune.client import Create, RecordEvent
from kobune.controller_manager.controllers.cronjob import MANY, cronjob, reconcile, scheduled_at
from kobune.controller_manager.controllers.ttlafterfinished import ttlafterfinished

KEY = "default/it"


def cron(schedule: str = "*/5 * * * *", **spec) -> CronJob:
    item = CronJob()
    item.metadata.name, item.metadata.namespace = "it", "default"
    item.spec.schedule = schedule
    item.spec.concurrencyPolicy = "Allow"
    item.spec.jobTemplate.spec.template.spec.containers.add(name="main", image="v1")
    for name, value in spec.items():
        setattr(item.spec, name, value)
    return item


def finish(world: World, job: Job, outcome: str) -> None:
    new = Job()
    new.CopyFrom(world.current(job))
    new.status.conditions.add(type=outcome, status="True", lastTransitionTime=time_of(world.now))
    if outcome == "Complete":
        new.status.completionTime.CopyFrom(time_of(world.now))
    world.put(new)


@pytest.mark.parametrize("block", range(4))
def test_each_time_gets_one_job_and_no_policy_is_broken(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        one_life(seed)


def one_life(seed: int) -> None:
    world = World(seed)
    random = world.random
    policy = random.choice(["Allow", "Forbid", "Replace"])
    owner = world.create(cron(concurrencyPolicy=policy, successfulJobsHistoryLimit=2, failedJobsHistoryLimit=1))
    began = seconds_of(owner.metadata.creationTimestamp)
    run = Lagging(lambda: cronjob, world, faults=0.05)
    made: list[float] = []

    def on_write(action) -> None:
        if isinstance(action, Create) and world.get(Job, action.object.metadata.name) is None:
            made.append(scheduled_at(action.object))
            running = [job for job in world.all(Job) if not job.status.conditions]
            assert policy != "Forbid" or not running, seed

    world.on_write = on_write
    for _ in range(60):
        what = random.choice(["work", "work", "hear", "time", "finish", "restart"])
        jobs = [job for job in world.all(Job) if not job.status.conditions]
        if what == "work":
            run.work(KEY)
        elif what == "hear":
            run.hear()
        elif what == "time":
            world.now += random.choice([20, 100, 300])
        elif what == "finish" and jobs:
            finish(world, random.choice(jobs), random.choice(["Complete", "Failed"]))
        elif what == "restart":
            run.restart()
    assert len(set(made)) == len(made), seed
    assert made == sorted(made), seed
    assert all(time % 300 == 0 and began < time <= world.now for time in made), seed
    run.catch_up()
    for _ in range(6):
        run.work(KEY)
        run.catch_up()
    wanted = world.current(owner)
    running = [job.metadata.uid for job in world.all(Job) if not job.status.conditions]
    assert sorted(each.uid for each in wanted.status.active) == sorted(running), seed
    assert policy == "Allow" or len(running) <= 1, seed
    ended = [job.status.conditions[0].type for job in world.all(Job) if job.status.conditions]
    assert ended.count("Complete") <= 2, seed
    assert ended.count("Failed") <= 1, seed
    if made:
        assert seconds_of(wanted.status.lastScheduleTime) == made[-1], seed


def test_a_job_that_is_replaced_is_not_missed() -> None:
    world = World(0)
    owner = world.create(cron(concurrencyPolicy="Replace"))
    run = Lagging(lambda: cronjob, world)
    for _ in range(2):
        world.now += 300
        for _ in range(3):
            run.catch_up()
            run.work(KEY)
    run.catch_up()
    (job,) = world.all(Job)
    assert [each.uid for each in world.current(owner).status.active] == [job.metadata.uid]
    assert "MissingJob" not in world.events


def test_what_was_missed_for_long_is_made_up_for_once_and_said() -> None:
    item = cron("* * * * *")
    item.metadata.creationTimestamp.CopyFrom(time_of(600_000))
    actions = reconcile(item, [], 600_000 + 60 * (MANY + 50) + 5)
    (job,) = [action.object for action in actions if isinstance(action, Create)]
    assert scheduled_at(job) == 600_000 + 60 * (MANY + 50)
    assert [action.reason for action in actions if isinstance(action, RecordEvent)] == ["TooManyMissedTimes"]


def test_what_is_too_late_is_not_made_up_for() -> None:
    item = cron("0 * * * *", startingDeadlineSeconds=100)
    item.metadata.creationTimestamp.CopyFrom(time_of(0))
    assert not [action for action in reconcile(item, [], 7_400) if isinstance(action, Create)]
    assert [action for action in reconcile(item, [], 7_250) if isinstance(action, Create)]


def test_a_time_zone_counts_and_a_suspended_one_makes_nothing() -> None:
    item = cron("0 6 * * *", timeZone="Asia/Tokyo")
    item.metadata.creationTimestamp.CopyFrom(time_of(0))
    (job,) = [action.object for action in reconcile(item, [], 86_000) if isinstance(action, Create)]
    assert job.metadata.annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"] == "1970-01-02T06:00:00+09:00"
    item.spec.suspend = True
    assert reconcile(item, [], 86_000) == []


def test_a_finished_job_goes_when_its_time_has_come() -> None:
    world = World(0)
    job = Job()
    job.metadata.name, job.metadata.namespace = "it", "default"
    job.spec.ttlSecondsAfterFinished = 100
    finish(world, world.create(job), "Failed")
    run = Lagging(lambda: ttlafterfinished, world)
    assert run.work(KEY) == 0
    assert run.wakes_in == 100
    settle(world, [run], KEY)
    assert not world.all(Job)
