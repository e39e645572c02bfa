"""Load a layer into QGIS, draw it, and print as JSON what QGIS made of it; run with the system's Python."""

import json
import os
import sys

from qgis.core import (
    QgsApplication,
    QgsExpression,
    QgsExpressionContext,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def draw(layer, path):
    """Draw the layer on white into a PNG file and return how many colours it took."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    extent = layer.extent()
    extent.scale(1.2)
    settings.setExtent(extent)
    settings.setOutputSize(QSize(400, 300))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    return len({image.pixel(x, y) for x in range(0, 400, 4) for y in range(0, 300, 4)})


def label(layer):
    """Return the label of the first feature."""
    context = QgsExpressionContext()
    context.setFeature(next(layer.getFeatures()))
    return QgsExpression(layer.labeling().settings().fieldName).evaluate(context)


def main(source, path):
    """Print what QGIS made of the layer."""
    app = QgsApplication([], False)
    app.initQgis()
    layer = QgsVectorLayer(source, "alerts", "ogr")
    seen = {
        "valid": layer.isValid(),
        "geometry": QgsWkbTypes.displayString(layer.wkbType()),
        "crs": layer.crs().authid(),
        "count": layer.featureCount(),
        "fields": [field.name() for field in layer.fields()],
        "renderer": layer.renderer().type(),
        "legend": [item.label() for item in layer.renderer().legendSymbolItems()],
        "labels": layer.labelsEnabled(),
        "label": label(layer),
        "colours": draw(layer, path),
    }
    sys.stdout.write(json.dumps(seen))
    sys.stdout.flush()
    # QGIS crashes now and then when Python takes it down; everything is said by now.
    os._exit(0)


main(*sys.argv[1:])
