<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<!-- Colour = severity; fill = status: solid confirmed, hatched provisional, empty finished. -->
<qgis version="3.22.0" styleCategories="Symbology|Labeling" labelsEnabled="1">
  <renderer-v2 type="RuleRenderer" symbollevels="0" enableorderby="0" forceraster="0">
    <rules key="{alerts}">
      <rule key="{confirmed-high}" symbol="0" label="Confirmed, high severity" filter="&quot;status&quot; = 'confirmed' AND &quot;severity&quot; = 'high'"/>
      <rule key="{confirmed-medium}" symbol="1" label="Confirmed, medium severity" filter="&quot;status&quot; = 'confirmed' AND &quot;severity&quot; = 'medium'"/>
      <rule key="{confirmed-low}" symbol="2" label="Confirmed, low severity" filter="&quot;status&quot; = 'confirmed' AND &quot;severity&quot; = 'low'"/>
      <rule key="{provisional-high}" symbol="3" label="Provisional, high severity" filter="&quot;status&quot; = 'provisional' AND &quot;severity&quot; = 'high'"/>
      <rule key="{provisional-medium}" symbol="4" label="Provisional, medium severity" filter="&quot;status&quot; = 'provisional' AND &quot;severity&quot; = 'medium'"/>
      <rule key="{provisional-low}" symbol="5" label="Provisional, low severity" filter="&quot;status&quot; = 'provisional' AND &quot;severity&quot; = 'low'"/>
      <rule key="{finished-high}" symbol="6" label="Finished, high severity" filter="&quot;status&quot; = 'finished' AND &quot;severity&quot; = 'high'"/>
      <rule key="{finished-medium}" symbol="7" label="Finished, medium severity" filter="&quot;status&quot; = 'finished' AND &quot;severity&quot; = 'medium'"/>
      <rule key="{finished-low}" symbol="8" label="Finished, low severity" filter="&quot;status&quot; = 'finished' AND &quot;severity&quot; = 'low'"/>
    </rules>
    <symbols>
      <symbol name="0" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="227,26,28,150"/>
          <prop k="style" v="solid"/>
          <prop k="outline_color" v="128,0,20,255"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.5"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
      <symbol name="1" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="253,141,60,150"/>
          <prop k="style" v="solid"/>
          <prop k="outline_color" v="166,76,0,255"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.5"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
      <symbol name="2" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="254,204,92,150"/>
          <prop k="style" v="solid"/>
          <prop k="outline_color" v="153,110,0,255"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.5"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
      <symbol name="3" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="227,26,28,255"/>
          <prop k="style" v="b_diagonal"/>
          <prop k="outline_color" v="128,0,20,255"/>
          <prop k="outline_style" v="dash"/>
          <prop k="outline_width" v="0.5"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
      <symbol name="4" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="253,141,60,255"/>
          <prop k="style" v="b_diagonal"/>
          <prop k="outline_color" v="166,76,0,255"/>
          <prop k="outline_style" v="dash"/>
          <prop k="outline_width" v="0.5"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
      <symbol name="5" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="254,204,92,255"/>
          <prop k="style" v="b_diagonal"/>
          <prop k="outline_color" v="153,110,0,255"/>
          <prop k="outline_style" v="dash"/>
          <prop k="outline_width" v="0.5"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
      <symbol name="6" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="227,26,28,255"/>
          <prop k="style" v="no"/>
          <prop k="outline_color" v="128,0,20,255"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.5"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
      <symbol name="7" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="253,141,60,255"/>
          <prop k="style" v="no"/>
          <prop k="outline_color" v="166,76,0,255"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.5"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
      <symbol name="8" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
        <layer class="SimpleFill" enabled="1" locked="0" pass="0">
          <prop k="color" v="254,204,92,255"/>
          <prop k="style" v="no"/>
          <prop k="outline_color" v="153,110,0,255"/>
          <prop k="outline_style" v="solid"/>
          <prop k="outline_width" v="0.5"/>
          <prop k="outline_width_unit" v="MM"/>
          <prop k="joinstyle" v="miter"/>
        </layer>
      </symbol>
    </symbols>
  </renderer-v2>
  <labeling type="simple">
    <settings calloutType="simple">
      <text-style fieldName="replace(&quot;event_class&quot;, '_', ' ') || '\n' || round(&quot;area_ha&quot;, 1) || ' ha, since ' || format_date(&quot;first_detected&quot;, 'yyyy-MM-dd')" isExpression="1" fontFamily="DejaVu Sans" fontWeight="63" fontSize="9" fontSizeUnit="Point" textColor="34,34,34,255" textOpacity="1" blendMode="0" multilineHeight="1">
        <text-buffer bufferDraw="1" bufferNoFill="1" bufferSize="1" bufferSizeUnits="MM" bufferColor="255,255,255,255" bufferOpacity="0.9" bufferJoinStyle="128"/>
      </text-style>
      <text-format multilineAlign="1" wrapChar=""/>
      <placement placement="1" priority="5" centroidWhole="1" centroidInside="1"/>
      <rendering drawLabels="1" scaleVisibility="1" scaleMin="0" scaleMax="100000" obstacle="1" displayAll="0" upsidedownLabels="0"/>
    </settings>
  </labeling>
  <layerGeometryType>2</layerGeometryType>
</qgis>
