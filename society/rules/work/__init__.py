"""Work, from which trust grows: teams, tasks, searches, estimates, contacts, and errors that members have in common."""
