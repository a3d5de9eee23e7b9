"""Language models behind one ``await ask(request) -> answer``.

An endpoint asks a server; store, gate and budget wrap anything that can be asked and have its shape. The usual nesting
is ``Store(Gate(Budget(Endpoint(...))))``: what is in the store costs nothing, the gate decides when to start and asks
again after a failure, the budget is looked at when a call really starts.
"""

from society.llm.budget import Budget, Spent
from society.llm.endpoint import Endpoint
from society.llm.gate import Gate
from society.llm.prices import price
from society.llm.request import Answer, Ask, Call, Identity, Request, Usage
from society.llm.store import Store

__all__ = [
    "Answer",
    "Ask",
    "Budget",
    "Call",
    "Endpoint",
    "Gate",
    "Identity",
    "Request",
    "Spent",
    "Store",
    "Usage",
    "price",
]
