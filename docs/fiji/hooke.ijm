// Finds nuclei or cells in the open image with hooke, and puts their outlines into the ROI Manager, the measurements into
// a table. A rectangle that is drawn on a single image limits it to that region; of a stack, all planes are taken.
// Fiji or ImageJ 1.52i and later: Plugins > Macros > Run..., or Plugins > Macros > Install... for the menu.
// Without questions: runMacro("hooke.ijm", "model=cells diameter=8um channel=0 program=/opt/hooke/bin/hooke")

// The command; its whole path where the system does not find it. Windows: C:/Users/me/.venv/Scripts/hooke.exe
var program = "hooke";
var model = "auto";
var diameter = "auto"; // pixels, or micrometres such as 8um
var channel = "auto"; // 0 is the first

if (nImages == 0)
    exit("hooke: no image is open; open one first");
image = getImageID();
given = getArgument();
if (given == "") {
    Dialog.create("hooke");
    Dialog.addString("Model", model, 20);
    Dialog.addString("Diameter (pixels, 8um, auto)", diameter, 20);
    Dialog.addString("Channel (0 is the first, auto)", channel, 20);
    Dialog.addString("Command", call("ij.Prefs.get", "hooke.program", program), 40);
    Dialog.show();
    model = Dialog.getString();
    diameter = Dialog.getString();
    channel = Dialog.getString();
    program = Dialog.getString();
    call("ij.Prefs.set", "hooke.program", program);
} else {
    model = setting(given, "model", model);
    diameter = setting(given, "diameter", diameter);
    channel = setting(given, "channel", channel);
    program = setting(given, "program", program);
}

// Before batch mode, in which ImageJ would make a ROI Manager that is gone at the end.
before = roiManager("count");

// hooke reads a copy, so that the image itself keeps its file and its name.
folder = getDirectory("temp");
if (!endsWith(folder, File.separator))
    folder = folder + File.separator;
folder = folder + "hooke-" + round(random * 1e9) + File.separator;
File.makeDirectory(folder);
left = 0;
top = 0;
width = getWidth();
height = getHeight();
if (selectionType() == 0 && nSlices == 1)
    getSelectionBounds(left, top, width, height);
wasBatch = is("Batch Mode");
setBatchMode(true);
run("Select None");
if (nSlices > 1)
    run("Duplicate...", "title=image duplicate");
else
    run("Duplicate...", "title=image");
saveAs("Tiff", folder + "image.tif");
close();
selectImage(image);
out = folder + "results";
region = "" + top + "," + left + "," + height + "," + width;
showStatus("hooke: finding objects");
said = segment(folder + "image.tif", out, region);
print(said);

zips = out + File.separator + "rois" + File.separator;
if (File.isDirectory(zips)) {
    names = getFileList(zips);
    for (i = 0; i < names.length; i++) {
        size = File.length(zips + names[i]); // a condition that begins with it would compare texts
        if (size > 22) // an empty zip is an error to ImageJ
            roiManager("Open", zips + names[i]);
    }
}
// Places in the results count from the region's corner.
if (left > 0 || top > 0) {
    for (i = before; i < roiManager("count"); i++) {
        roiManager("select", i);
        getSelectionBounds(x, y, w, h);
        setSelectionLocation(x + left, y + top);
        Roi.setProperty("image_height", getHeight()); // by which hooke reads saved regions
        Roi.setProperty("image_width", getWidth());
        roiManager("update");
    }
    run("Select None");
}
if (!wasBatch)
    setBatchMode(false);
table = out + File.separator + "measurements.csv";
if (!File.exists(table))
    exit("hooke found no result. It said:\n \n" + said + "\n \nIf the command was not found, give its whole path.");
found = roiManager("count") - before;
if (found > 0) {
    open(table);
    selectImage(image);
    if (nSlices > 1)
        roiManager("Associate", "true"); // show each outline on its plane only
    roiManager("Show All without labels");
}
showStatus("hooke: " + found + " objects");

// Runs the command; gives what it printed. exec takes no list, and gives no errors of a command, which the shell does.
function segment(path, out, region) {
    join = "exec \"$0\" \"$@\" 2>&1";
    named = false;
    if (channel != "auto" && channel != "")
        named = true;
    if (startsWith(getInfo("os.name"), "Windows")) {
        if (named)
            return exec(program, "segment", path, "-o", out, "--model", model, "--diameter", diameter, "--region", region, "--write", "rois", "--channel", channel);
        return exec(program, "segment", path, "-o", out, "--model", model, "--diameter", diameter, "--region", region, "--write", "rois");
    }
    if (named)
        return exec("sh", "-c", join, program, "segment", path, "-o", out, "--model", model, "--diameter", diameter, "--region", region, "--write", "rois", "--channel", channel);
    return exec("sh", "-c", join, program, "segment", path, "-o", out, "--model", model, "--diameter", diameter, "--region", region, "--write", "rois");
}

// The value of a name in a text such as "model=cells diameter=20"; values hold no blanks.
function setting(text, name, otherwise) {
    parts = split(text, " ");
    for (i = 0; i < parts.length; i++) {
        if (startsWith(parts[i], name + "="))
            return substring(parts[i], lengthOf(name) + 1);
    }
    return otherwise;
}
