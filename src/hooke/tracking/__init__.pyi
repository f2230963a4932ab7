# The public names of this package and the modules that they come from.
from hooke.tracking.linker import Links as Links
from hooke.tracking.linker import join_planes as join_planes
from hooke.tracking.linker import link_planes as link_planes
