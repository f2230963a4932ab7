// Adds what `hooke convert ... --to geojson` wrote to the image that is open in QuPath, or to all images of a project
// (Run > Run for project): each image takes NAME.geojson, where NAME is its name without the ending.
// Written for QuPath 0.4 and later. Objects of an earlier import have the same ids, and are replaced.

import qupath.lib.io.PathIO
import static qupath.lib.scripting.QP.*

// The folder that hooke wrote; folder "geojson" of the project where it is not set.
def folder = null

def name = getCurrentImageNameWithoutExtension()
def path = java.nio.file.Paths.get(folder ?: buildFilePath(PROJECT_BASE_DIR, "geojson"), name + ".geojson")
if (!java.nio.file.Files.exists(path)) {
    println "No file ${path}: set folder to where hooke wrote its files"
    return
}
def imported = PathIO.readObjects(path)
def ids = imported.collect { it.getID() } as Set
removeObjects(getAllObjects(false).findAll { it.getID() in ids }, true)
addObjects(imported)
println "${imported.size()} objects added to ${name}"
