-- Each instance by itself, which may have several items at a destination.
SELECT d.name, i.state, count(*), min(i.created), max(i.created), min(i.completed), max(i.completed), i.instance
