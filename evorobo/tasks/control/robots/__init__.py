"""The robots of this package, one file each; importing it makes their ids known to gymnasium."""

from evorobo.tasks.control.robots.registry import register_built_in

register_built_in()
