"""All occasions that come with the program, and the step of a tick that collects them."""

from society.ground.words import Kind
from society.occasions.account import Account
from society.occasions.batch import described
from society.occasions.bystand import Bystand
from society.occasions.endangered import Endangered
from society.occasions.execute import Execute
from society.occasions.monitor import Monitor
from society.occasions.rate import Rate
from society.occasions.stance import STANCE
from society.rules.moment import Moment, Rule
from society.rules.occasion import Occasion
from society.rules.orders.requests import count_requests
from society.state.columns import Society

#: Occasions that open together in one step of a tick, in their order.
COLLECTED: tuple[Occasion, ...] = (Rate(), Execute(), Endangered(), Bystand(), Monitor(), Account())
OCCASIONS: dict[Kind, Occasion] = {occasion.kind: occasion for occasion in (*COLLECTED, STANCE)}


def run(society: Society, moment: Moment) -> None:
    """Collect the occasions of this tick, kind by kind; what was asked of agents until now bears on all of them."""
    moment.asked = count_requests(society, moment)
    for occasion in COLLECTED:
        asked = occasion.open(society, moment)
        if asked is not None and len(asked.who):
            moment.batches.append(described(society, moment, occasion, asked))


RULE = Rule("occasions", run)
