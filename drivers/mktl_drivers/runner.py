"""The one thread of a link: opens the port, works through the jobs, and knows when the device is silent."""

from __future__ import annotations

import logging
import threading
from collections import deque
from functools import partial
from typing import Any

from mktl.errors import DeviceError, LinkDownError, MktlError

from .backoff import Backoff
from .jobs import Job
from .roles import Host, Member
from .sync import ATTEMPTS, identify, need_silence, resynchronise
from .wording import kept

log = logging.getLogger("mktl.drivers.runner")

#: How long the runner listens before it looks up; a nudge ends it sooner.
LISTEN_S = 0.5
#: A device that has not answered for so many of its reply timeouts is silent.
SILENT_TIMEOUTS = 2.5


class Runner:
    """Runs until :attr:`closing` is set, whatever the device and the jobs do."""

    def __init__(self, link: Host) -> None:
        self.closing = threading.Event()
        self._link = link
        self._line = link.line
        self._line.on_wait = self._look_at_silence
        self._backoff = Backoff(link.spec.retry_s, link.spec.retry_max_s)
        self._identity: bytes | None = None
        #: True while the device owes answers that it was asked for on an earlier connection.
        self._owed = False
        #: Which of the questions that it has answered is asked next to get in step again.
        self._turn = 0
        #: True once a job went well on this connection.
        self._useful = False
        #: Since when the device has not answered, or the link has been down; None when all is well.
        self._silent_from_s: float | None = None
        #: What the log says of that; None when it says nothing yet.
        self._logged: str | None = None

    def run(self) -> None:
        """Keep the link up; the body of the thread."""
        try:
            while not self.closing.is_set():
                try:
                    self._once()
                except Exception:  # of an item that was told, mostly; the thread must not end
                    log.exception("%s: a mistake in the driver", self._link.name)
                self._pause()
        finally:
            self._line.catch_up()
            self._line.close()

    def _once(self) -> None:
        """From one connection to its end."""
        try:
            self._connect()
            self._serve()
        except DeviceError as error:
            self._lost(error)
        except Exception as error:
            log.exception("%s: a mistake in the driver; the link is opened again", self._link.name)
            self._lost(LinkDownError(f"{self._line.title}: {type(error).__name__}: {error}"))

    def _pause(self) -> None:
        """Wait before the next attempt, but not after a connection that was good for something."""
        if self._useful:
            self._useful = False
            self._backoff.reset()
        else:
            self.closing.wait(self._backoff.next_s())

    # -- up

    def _connect(self) -> None:
        link, line = self._link, self._line
        self._owed = self._owed or not (line.in_step or line.lost)
        line.open()
        line.longest_s = 0.0
        if line.spec.identity is not None:
            self._identity = identify(line, line.spec.identity)
            if not link.transport.forgets_on_close:
                # Who asked in vain for a while gets all the answers in the end, one after the other.
                need_silence(line, link.spec.reply_timeout_s if self._owed else link.spec.gap_timeout_s)
        elif self._owed and not link.transport.forgets_on_close:
            self.resynchronise()
        self._owed = False
        if line.counts.connections == 1:
            log.info("%s: connected", line.title)
        if len(link.units) > 1:
            for unit in link.units:  # any of them may be away, and must not keep the others from work
                unit.call()
            return
        link.initialise()
        if not link.sources:  # else what is read now tells whether it answers
            self._answered()
        link.connected(line.clock())

    def _serve(self) -> None:
        """Work until the port is lost or the link closed."""
        line, jobs, quiet_s = self._line, self._link.jobs, self._link.spec.quiet_s
        while not self.closing.is_set():
            if quiet_s or not len(jobs) or not line.in_step:
                line.catch_up()  # before anything that takes its time
            if not line.in_step:
                self.resynchronise()
                if self._identity is not None:  # it has said so, then
                    self._answered()
            if not len(jobs) and not self._wait_for_a_job():
                return
            if quiet_s:
                line.keep_quiet()  # before a job is taken: a set that comes meanwhile goes first
            job = jobs.take()
            if job is not None:
                self._work(job)
            if line.lost is not None:
                raise line.lost

    def _wait_for_a_job(self) -> bool:
        """Wait for work, with an ear on the line where something may come unasked; False at the end."""
        line, jobs = self._line, self._link.jobs
        if not line.listeners:
            return jobs.wait()
        while not len(jobs) and not self.closing.is_set():
            line.transport.idle(LISTEN_S)
            line.listen(0.0)
        return not self.closing.is_set()

    def resynchronise(self) -> None:
        """Make sure whose reply comes next.

        Raises:
            LinkDownError: That failed.
        """
        probes = deque(self._link.probes())
        probes.rotate(-self._turn)  # so that one query which is answered no more does not hold up all others
        self._turn += ATTEMPTS
        resynchronise(self._line, self._identity, self._look_at_silence, probes)
        self._turn = 0

    def _work(self, job: Job) -> None:
        line, timeouts = self._line, self._line.counts.timeouts
        if job.then is None:
            line.catch_up()  # it may build on what was read before
        try:
            result = job.run()
        except Exception as error:
            line.catch_up()
            self._troubled(error)
            job.lane.finish(job, error=error)
            if line.counts.timeouts > timeouts:
                self._missed(job, error)
            return
        self._useful = True
        if self._silent_from_s is not None:
            self._answered()
        if len(self._link.units) > 1:
            self._unit_of(job).heard()
        if job.then is None:
            job.lane.finish(job, result)
        else:
            job.lane.leave(job)
            line.put_off(partial(self._conclude, job, result))

    def _conclude(self, job: Job, result: Any) -> None:
        """Do what is to be done with the result, and only then give it to who waits for it."""
        try:
            if job.then is not None:
                job.then(result)
        except Exception:
            log.exception("%s: what was read cannot be used", self._link.name)
        job.lane.finish(job, result)

    # -- one of several devices

    def _unit_of(self, job: Job) -> Member:
        return next(unit for unit in self._link.units if unit.jobs is job.lane)

    def _missed(self, job: Job, error: Exception) -> None:
        """A device that does not answer is left alone, if there are others that might."""
        if len(self._link.units) > 1 and self._line.lost is None:
            self._unit_of(job).missed(error)

    # -- silent

    def _answered(self) -> None:
        if self._logged is not None and self._silent_from_s is not None:
            silent_s = self._line.clock() - self._silent_from_s
            log.info("%s: answering again after %.1f s", self._link.name, silent_s)
        self._silent_from_s = self._logged = None

    def _troubled(self, error: Exception) -> None:
        if not isinstance(error, MktlError):
            log.exception("%s: a job raised", self._link.name)
            self._line.in_step = False  # nobody knows how far it came
        self._line.counts.last_error = str(error)
        if self._line.in_step:
            return  # refused, or never sent: the line is as well as ever
        for unit in self._link.units:
            if unit.check is not None:
                unit.check.forget()
        if self._silent_from_s is None:
            self._silent_from_s = self._line.sent_s
        if self._line.lost is None:
            self._look_at_silence()

    def _look_at_silence(self) -> None:
        """Flag what should have been read by now while the device does not answer."""
        now_s = self._line.clock()
        if self._silent_from_s is None:
            self._silent_from_s = self._line.sent_s
        silent_s = now_s - self._silent_from_s
        reason = f"{self._line.title}: silent for {silent_s:.1f} s"
        overdue = sum(
            source.flag_overdue(now_s, reason)
            for unit in self._link.units
            if unit.state == "connected"
            for source in unit.sources
        )
        # A single lost reply, and getting in step after it, is no news for the log.
        is_news = silent_s > SILENT_TIMEOUTS * self._link.spec.reply_timeout_s
        if overdue and is_news and self._logged is None and len(self._link.units) == 1:
            self._logged = reason
            log.warning("%s: silent for %.1f s, %s", self._link.name, silent_s, kept(overdue))

    # -- down

    def _lost(self, error: DeviceError) -> None:
        self._line.catch_up()
        self._line.close()
        if self.closing.is_set():
            return
        reason = str(error)
        if self._silent_from_s is None:
            self._silent_from_s = self._line.clock()
        if reason != self._logged:
            self._logged = reason
            log.warning("%s; %s", reason, kept(sum(len(unit.items) for unit in self._link.units)))
        self._line.counts.last_error = reason
        for unit in self._link.units:
            unit.disconnected(reason)
