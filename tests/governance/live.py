"""Clients that keep calling a server while the release it answers with is changed."""

import json
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from threading import Event, Lock, Thread

from tests.store.crash import ORDER, SERVICE

CLIENTS = 4


@dataclass(frozen=True)
class Answer:
    """When it was asked for, which decision it is, and whether the card has the words of the new release."""

    asked: float
    decision: str
    is_new: bool


@dataclass
class Load:
    """Calls one after the other from each client. What is no answer with a card is an error."""

    port: int
    words: str
    answers: list[Answer] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)
    over: Event = field(default_factory=Event)
    threads: list[Thread] = field(default_factory=list)

    def start(self) -> None:
        self.threads = [Thread(target=self.run) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def run(self) -> None:
        """A client; it makes a new connection for every tenth call, so that it meets every worker."""
        made = 0
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            while not self.over.is_set():
                made += 1
                if made % 10 == 0:
                    connection.close()
                self.call(connection)
        except (OSError, HTTPException, LookupError, AssertionError) as error:
            self.errors.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    def call(self, connection: HTTPConnection) -> None:
        asked = time.monotonic()
        connection.request("POST", SERVICE, ORDER, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        cards = json.loads(content)["cards"]
        decision = cards[0]["extension"]["org.cds-service"]["decision"]
        with self.lock:
            self.answers.append(Answer(asked, decision, any(self.words in card["summary"] for card in cards)))

    def wait(self, seconds: float) -> None:
        """Let the clients call for so long."""
        self.over.wait(seconds)

    def between(self, first: float, last: float) -> list[Answer]:
        return [answer for answer in self.answers if first <= answer.asked < last]
