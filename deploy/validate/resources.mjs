// Judges custom resources of Kubernetes against the models of their definitions: errors end with code 1.
import { readFileSync } from "node:fs";
import * as monitoring from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import * as keda from "@kubernetes-models/keda/keda.sh/v1alpha1";
import * as strimzi from "@kubernetes-models/strimzi-kafka-operator/kafka.strimzi.io/v1beta2";
import { parseAllDocuments } from "yaml";

const MODELS = { "monitoring.coreos.com/v1": monitoring, "keda.sh/v1alpha1": keda, "kafka.strimzi.io/v1beta2": strimzi };

function judge(file) {
  for (const document of parseAllDocuments(readFileSync(file, "utf8"), { merge: true })) {
    if (document.errors.length > 0) throw document.errors[0];
    const resource = document.toJS();
    const Model = MODELS[resource.apiVersion]?.[resource.kind];
    if (Model === undefined) throw new Error(`no model of ${resource.apiVersion} ${resource.kind}`);
    new Model(resource).validate();
  }
}

let failed = false;
for (const file of process.argv.slice(2)) {
  try {
    judge(file);
  } catch (error) {
    console.error(`${file}: ${error.message}`);
    failed = true;
  }
}
process.exit(failed ? 1 : 0);
