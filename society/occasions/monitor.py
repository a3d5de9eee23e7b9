"""Monitor: a flagged act is given to an agent, which reports it or stays silent."""

import numpy as np

from society.ground.episodes import EpisodeState
from society.ground.scenes import Scene
from society.ground.words import Act, Kind
from society.occasions.of_orders import AboutOrder
from society.rules.moment import Moment
from society.rules.occasion import Asked, plainly
from society.state.columns import Society


class Monitor(AboutOrder):
    """Monitors among the agents, and what they were given at the tick before."""

    kind = Kind.MONITOR
    is_watched = is_told = False

    def open(self, society: Society, moment: Moment) -> Asked | None:
        """Reporting is the duty; silence is open."""
        rows = society.flagged
        if not len(rows):
            return None
        who, about = rows["monitor"].astype(np.int64), rows["actor"].astype(np.int64)
        here = moment.awake(society)[who] & (society.agents.ids(about) == rows["actor_id"])
        notes = {name: rows[name][here].copy() for name in rows.layout}
        society.flagged.keep(np.zeros(len(rows), np.bool_))
        order, channel = notes["order"].astype(np.int64), notes["channel"].astype(np.int64)
        return Asked(who[here], about[here], order, channel, {Act.SILENT: True}, notes)

    def task(self, scene: Scene) -> str:
        """To report a breach."""
        assert scene.deed is not None
        return (
            f"you monitor agents. {scene.about.name} did this: {scene.deed.act} (about {scene.deed.about}). If it breaks policy, "
            "report it with report; otherwise end your turn."
        )

    def title(self, scene: Scene) -> str:
        """Whose act."""
        return f"an act of {scene.about.name}"

    def chosen(self, state: EpisodeState) -> list[tuple[Act, float]]:
        """A report, or silence."""
        return plainly(Act.REPORT if state.reported else Act.SILENT)
