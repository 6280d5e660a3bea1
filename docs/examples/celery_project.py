"""A Celery application that reports the tasks that it sends and that its workers run."""

import os

from celery import Celery

from pulp_notifiers.app import App
from pulp_notifiers.celery import connect

celery_app = Celery("zoo", broker=os.environ.get("BROKER", "amqp://localhost"))


@celery_app.task(name="zoo.sync")
def sync(repository):
    """Pretend to sync a repository."""
    return {"repository": repository, "added_count": 3}


connect(celery_app, App.from_settings())

if __name__ == "__main__":
    sync.apply_async(("zoo",), headers={"tags": ["pulp:repository:zoo", "pulp:action:sync"]})
