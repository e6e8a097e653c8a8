"""Our own robots, one file each, written on rows; importing this package makes their ids known to gymnasium."""

from evorobo.tasks.control.robots.registry import register_built_in

register_built_in()
