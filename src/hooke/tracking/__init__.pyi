# The public names of this package and the modules that they come from.
from hooke.tracking.ctc_files import read_track_file as read_track_file
from hooke.tracking.depth import StitchedPlanes as StitchedPlanes
from hooke.tracking.depth import join_planes as join_planes
from hooke.tracking.depth import stitch_planes as stitch_planes
from hooke.tracking.linker import Links as Links
from hooke.tracking.linker import link_planes as link_planes
from hooke.tracking.options import TrackOptions as TrackOptions
from hooke.tracking.scores import SCORES as SCORES
from hooke.tracking.scores import TrackScores as TrackScores
from hooke.tracking.scores import evaluate_tracks as evaluate_tracks
from hooke.tracking.sequence_folder import TrackedFolder as TrackedFolder
from hooke.tracking.sequence_folder import TrackedSequence as TrackedSequence
from hooke.tracking.sequence_folder import track_folder as track_folder
from hooke.tracking.sources import holds_images as holds_images
from hooke.tracking.track_labels import track as track
from hooke.tracking.tracks import Tracks as Tracks
