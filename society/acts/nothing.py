"""Accept, ignore, be silent: acts that leave everything as it is."""

from society.acts.base import Action
from society.ground.words import Act


class Nothing(Action):
    """The duties of targets and bystanders, and a monitor's silence, which is soft protection."""

    acts = (Act.ACCEPT, Act.IGNORE, Act.SILENT)
