"""The order in which waiting jobs start: it is fair to users, so that a user with many jobs does not delay the others."""

import heapq
from collections import Counter, deque
from collections.abc import Sequence

from engines.inference.worker.scheduling.job import Job


class FairOrder:
    """Orders jobs by their users: fewest running jobs first, then least recently served, then first arrived.

    A user is identified by the salt of the jobs. The jobs of one user keep their order of arrival. The second rule matters
    if there is one sequence: when a job ends, no user has a running one, and the first rule alone would let the user
    whose jobs arrived first start all of them.
    """

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._served: dict[str, int] = {}
        "The number of the last start of each user, counted over all users."
        self._starts = 0

    def started(self, job: Job) -> None:
        self._starts += 1
        self._served[job.salt] = self._starts
        self._running[job.salt] += 1

    def ended(self, job: Job) -> None:
        self._running[job.salt] -= 1

    def sort(self, jobs: Sequence[Job]) -> list[Job]:
        """Return the jobs in the order in which they start if no running job ends in between."""
        waiting: dict[str, deque[tuple[int, Job]]] = {}
        for arrival, job in enumerate(jobs):
            waiting.setdefault(job.salt, deque()).append((arrival, job))
        if len(waiting) < 2:  # one user, the usual case
            return list(jobs)
        turns = [(self._running[user], self._served.get(user, 0), own[0][0], user) for user, own in waiting.items()]
        heapq.heapify(turns)
        order: list[Job] = []
        while turns:
            running, _, _, user = turns[0]
            own = waiting[user]
            order.append(own.popleft()[1])
            if own:
                heapq.heapreplace(turns, (running + 1, self._starts + len(order), own[0][0], user))
            else:
                heapq.heappop(turns)
        return order
