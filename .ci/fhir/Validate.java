import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.ConceptValidationOptions;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport.IssueSeverity;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.ElementDefinition;
import org.hl7.fhir.r4.model.StructureDefinition;
import org.hl7.fhir.r4.model.UriType;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;

/**
 * Holds FHIR R4 resources against base R4, the profiles they name and US Core, with HAPI's instance validator, offline.
 *
 * <pre>Validate PROFILES PACKAGE[+PACKAGE...]...</pre>
 *
 * Each argument after the folder of profiles names the packages in it that make one round; every resource passes all
 * rounds. The property "own" is a folder of definitions that count in each. Standard input has a line {"name", "resource"} for each resource, standard output a line
 * {"name", "round", "severity", "path", "text"} for each problem of severity warning, error or fatal, in the order of the
 * input, and {"done": N} at the end, without which the answer is cut short.
 */
public final class Validate {
  /** The types that US Core profiles: what names no profile is held against that one. */
  private static final Map<String, String> US_CORE = Map.ofEntries(
      Map.entry("Patient", "us-core-patient"),
      Map.entry("Condition", "us-core-condition-problems-health-concerns"),
      Map.entry("ServiceRequest", "us-core-servicerequest"),
      Map.entry("PractitionerRole", "us-core-practitionerrole"),
      Map.entry("Organization", "us-core-organization"),
      Map.entry("Practitioner", "us-core-practitioner"),
      Map.entry("Provenance", "us-core-provenance"),
      Map.entry("Location", "us-core-location"));

  private static final Gson GSON = new Gson();

  public static void main(String[] args) {
    try {
      run(args);
    } catch (Throwable fault) {
      fault.printStackTrace();
      System.exit(1); // the threads of the validator would wait for ever
    }
  }

  private static void run(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    System.setOut(System.err); // what the libraries print is no answer
    FhirContext r4 = FhirContext.forR4();
    Map<String, FhirValidator> rounds = new LinkedHashMap<>();
    for (int i = 1; i < args.length; i++) {
      rounds.put(args[i], validator(r4, Path.of(args[0]), args[i].split("\\+")));
    }
    int threads = Runtime.getRuntime().availableProcessors(), done = 0;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    Queue<Future<String>> answers = new ArrayDeque<>();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; done++) {
      String one = line;
      answers.add(pool.submit(() -> validate(rounds, one)));
      if (answers.size() > 8 * threads) {
        out.print(answers.remove().get());
      }
    }
    while (!answers.isEmpty()) {
      out.print(answers.remove().get());
    }
    out.println("{\"done\":" + done + "}");
    out.flush();
    System.exit(0); // the caches of the validator keep threads
  }

  private static FhirValidator validator(FhirContext r4, Path folder, String[] packages) {
    PrePopulatedValidationSupport profiles = new PrePopulatedValidationSupport(r4);
    List<Path> folders = new ArrayList<>(List.of(Path.of(System.getProperty("own"))));
    Stream.of(packages).map(folder::resolve).forEach(folders::add);
    for (Path from : folders) {
      try (Stream<Path> files = Files.list(from)) {
        files.filter(f -> f.getFileName().toString().matches("(StructureDefinition|ValueSet|CodeSystem)-.*\\.json"))
            .sorted().forEach(f -> profiles.addResource(read(r4, f)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    standIn(r4, profiles);
    UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(r4);
    unknown.setNonExistentCodeSystemSeverity(IssueSeverity.WARNING); // SNOMED CT, ICD-10-CM and HCPCS are not here
    FhirInstanceValidator instances = new FhirInstanceValidator(new ValidationSupportChain(
        profiles, new DefaultProfileValidationSupport(r4), new Languages(r4),
        new InMemoryTerminologyServerValidationSupport(r4), unknown));
    instances.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore); // narrative would double what is sent
    instances.setAnyExtensionsAllowed(false);
    instances.setErrorForUnknownProfiles(true);
    return r4.newValidator().registerValidatorModule(instances);
  }

  /**
   * Gives each profile that the packages name and do not hold, an extension or the target of a reference, a stand-in that
   * is its base type: without it the validator could not tell slices and targets apart. A profile whose type its name does
   * not say stays unknown.
   */
  private static void standIn(FhirContext r4, PrePopulatedValidationSupport profiles) {
    Map<String, String> missing = new TreeMap<>();
    List<StructureDefinition> held = profiles.fetchAllNonBaseStructureDefinitions();
    for (StructureDefinition profile : held) {
      for (ElementDefinition element : profile.getSnapshot().getElement()) {
        for (ElementDefinition.TypeRefComponent type : element.getType()) {
          type.getProfile().forEach(p -> missing.put(p.getValue(), type.getCode()));
          type.getTargetProfile().forEach(p -> missing.putIfAbsent(p.getValue(), null));
        }
      }
    }
    held.forEach(p -> missing.remove(p.getUrl()));
    DefaultProfileValidationSupport base = new DefaultProfileValidationSupport(r4);
    missing.forEach((url, type) -> {
      if (base.fetchStructureDefinition(url) != null) {
        return;
      }
      String name = type != null ? type : typeOf(r4, url);
      if (name == null) {
        return;
      }
      String root = "http://hl7.org/fhir/StructureDefinition/" + name;
      StructureDefinition copy = ((StructureDefinition) base.fetchStructureDefinition(root)).copy();
      copy.setUrl(url).setId(url.substring(url.lastIndexOf('/') + 1));
      copy.setBaseDefinition(root).setDerivation(StructureDefinition.TypeDerivationRule.CONSTRAINT);
      copy.getSnapshot().getElement().stream().filter(e -> e.getPath().equals("Extension.url")).forEach(e -> e.setFixed(new UriType(url)));
      profiles.addStructureDefinition(copy);
    });
  }

  /** The resource type in a profile's name: RelatedPerson of us-core-relatedperson; null when there is none. */
  private static String typeOf(FhirContext r4, String url) {
    String[] words = url.substring(url.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT).split("-");
    String whole = r4.getResourceTypes().stream().filter(t -> Arrays.asList(words).contains(t.toLowerCase(Locale.ROOT))).findFirst().orElse(null);
    if (whole != null) {
      return whole;
    }
    String last = words[words.length - 1]; // SDOHCC-ObservationAssessment
    return r4.getResourceTypes().stream().filter(t -> last.startsWith(t.toLowerCase(Locale.ROOT))).max(Comparator.comparingInt(String::length)).orElse(null);
  }

  /** Takes any language of BCP 47 where R4 only prefers its list of common ones. */
  private static final class Languages extends CommonCodeSystemsTerminologyService {
    Languages(FhirContext r4) {
      super(r4);
    }

    @Override
    public CodeValidationResult validateCode(ValidationSupportContext context, ConceptValidationOptions options, String system, String code, String display, String valueSet) {
      String asked = valueSet != null && valueSet.startsWith(LANGUAGES_VALUESET_URL) ? ALL_LANGUAGES_VALUESET_URL : valueSet;
      return super.validateCode(context, options, system, code, display, asked);
    }
  }

  private static IBaseResource read(FhirContext r4, Path file) {
    try {
      return r4.newJsonParser().parseResource(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The problems of one line of input, one a line. */
  private static String validate(Map<String, FhirValidator> rounds, String line) {
    JsonObject item = JsonParser.parseString(line).getAsJsonObject();
    JsonObject resource = item.getAsJsonObject("resource");
    hold(resource);
    String json = GSON.toJson(resource);
    StringBuilder found = new StringBuilder();
    rounds.forEach((round, validator) -> {
      for (SingleValidationMessage m : validator.validateWithResult(json, new ValidationOptions()).getMessages()) {
        if (m.getSeverity() == ResultSeverityEnum.INFORMATION) {
          continue;
        }
        JsonObject problem = new JsonObject();
        problem.add("name", item.get("name"));
        problem.addProperty("round", round);
        problem.addProperty("severity", m.getSeverity().getCode());
        problem.addProperty("path", m.getLocationString());
        problem.addProperty("text", m.getMessage());
        found.append(GSON.toJson(problem)).append('\n');
      }
    });
    return found.toString();
  }

  /** Names the profile of US Core in each resource that names none, down through the entries of bundles. */
  private static void hold(JsonObject resource) {
    if (resource.get("entry") instanceof JsonArray entries) {
      for (JsonElement e : entries) {
        if (e instanceof JsonObject entry && entry.get("resource") instanceof JsonObject inner) {
          hold(inner);
        }
      }
    }
    String profile = resource.get("resourceType") instanceof JsonPrimitive type ? US_CORE.get(type.getAsString()) : null;
    if (profile == null || resource.has("meta")) {
      return;
    }
    JsonArray names = new JsonArray();
    names.add("http://hl7.org/fhir/us/core/StructureDefinition/" + profile);
    JsonObject meta = new JsonObject();
    meta.add("profile", names);
    resource.add("meta", meta);
  }
}
