"""Names of repositories, and how renames are found."""

from pulp3_direct import ROOT, DirectClient, poll_of
from pulp3_intake import WatchIntake
from pulp3_world import World
from pulp_source_pulp3.names import Names


def names_of(world, now=lambda: 0.0, most=20_000):
    """Return a client, and the cache that looks up names of repositories with it."""
    client = DirectClient(world)
    return client, Names(client, f"{ROOT}repositories/", now, most)


def test_a_name_is_looked_up_once_in_ten_minutes():
    """After that it may have changed."""
    world, now = World(), [0.0]
    zoo = world.add_repository("zoo")
    client, names = names_of(world, lambda: now[0])
    asked = []
    for moment in (0, 599, 600, 700):
        now[0] = moment
        names.look_up([zoo.id])
        asked.append(len(client.asked))

    assert [1, 1, 2, 2] == asked


def test_a_deleted_repository_keeps_its_cached_name():
    """It is not requested again each time."""
    world, now = World(), [0.0]
    zoo = world.add_repository("zoo")
    client, names = names_of(world, lambda: now[0])
    names.look_up([zoo.id])
    world.remove_repository(zoo)
    now[0] = 601
    for _ in range(3):
        names.look_up([zoo.id])

    assert ("zoo", 2) == (names.get(zoo.id).name, len(client.asked))


def test_the_least_recently_used_names_are_dropped():
    """Names in use stay in the cache."""
    world = World()
    ids = [world.add_repository(f"zoo {number}").id for number in range(4)]
    _, names = names_of(world, most=2)
    names.look_up(ids[:2])
    names.look_up([ids[0], ids[2]])
    kept = [names.get(each) is not None for each in ids]
    names.look_up([ids[3], ids[0]])

    assert [True, False, True, False] == kept
    assert [True, False, False, True] == [names.get(each) is not None for each in ids]


def test_a_new_name_is_found_although_updates_are_not_watched():
    """A source may watch syncs only, and Pulp does not announce renames."""
    world, intake, now = World(), WatchIntake(), [0.0]
    zoo = world.add_repository("zoo")
    watch = poll_of(world, intake, seconds=lambda: now[0], tasks="*.synchronize")
    watch.begin(None)
    for name in ("zoo", "aviary"):
        zoo.name = name
        world.clock.advance(700)
        now[0] += 700
        world.run("sync.completed", zoo)
        watch.poll()

    finished = [event.payload for event in intake.events if event.type == "repo.sync.finish"]
    assert [("zoo", "zoo-remote"), ("aviary", "aviary-remote")] == [
        (each["repo_id"], each["remote"]) for each in finished
    ]


def test_a_new_name_is_found_at_once_if_the_update_is_watched():
    """The next task of the repository has it."""
    world, intake = World(), WatchIntake()
    zoo = world.add_repository("zoo")
    watch = poll_of(world, intake)
    watch.begin(None)
    for kind, name in (
        ("sync.completed", "zoo"),
        ("repository-update.completed", "aviary"),
        ("sync.completed", "aviary"),
    ):
        zoo.name = name
        world.clock.advance(1)
        world.run(kind, zoo)
        watch.poll()

    assert ["zoo", "aviary"] == [each.payload["repo_id"] for each in intake.events if each.type == "repo.sync.finish"]
