# The public names of this package and the modules that they come from.
from hooke.serve.run_server import serve as serve
from hooke.serve.serve_options import ServeOptions as ServeOptions
from hooke.serve.web_app import make_app as make_app
