"""Stand-ins for the services that an accounting integration talks to: real HTTP servers with real
rules, on a clock that tests can move, with faults down to single bytes. Useful for any integration.

    python -m simulators                    # serves them; the pages are at /__sim/
    python -m simulators --switches         # every guess about the real service, and its default

In a test:

    with simulators.start() as sims:
        tokens = sims.qbo.connect()         # or walk through OAuth with intuit-oauth
        sims.qbo.arm("lose_answer")         # the next write is executed, its answer lost
        ...                                 # talk to sims.qbo.api_url with any client
        assert len(sims.qbo.invoices()) == 1
        sims.qbo.as_person.void("Invoice", "145")
        sims.clock.move(days=1)
        sims.xero.connect()                 # the same with Xero: sims.xero.hosts, .arm, .as_person

What is not simulated is refused loudly, with the word "simulated" in the refusal.
"""

from .running import Simulators, start

__all__ = ["Simulators", "start"]
